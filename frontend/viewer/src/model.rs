//! A trace, ready to be shown.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::layout::{self, Timeline};
use crate::otlp::{Id, Span, Trace};
use crate::tree::{Node, Tree};

/// A trace with what follows from it. Built once per answer of the API, then only read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// The trace as it was received.
    pub trace: Trace,
    /// Its spans as a tree.
    pub tree: Tree,
    /// What the axis covers.
    pub timeline: Timeline,
    /// The services with the number of their spans, in order of appearance.
    pub services: Vec<(Arc<str>, usize)>,
    /// How many spans failed.
    pub error_count: usize,
    /// Where each span is in the tree.
    places: HashMap<Id, usize>,
}

impl Model {
    /// Derives everything from the trace.
    pub fn new(trace: Trace) -> Self {
        let tree = Tree::build(&trace.spans);
        let mut services: Vec<(Arc<str>, usize)> = Vec::new();
        let mut places = HashMap::with_capacity(tree.nodes().len());
        let mut error_count = 0;
        for (index, node) in tree.nodes().iter().enumerate() {
            let Some(span) = trace.spans.get(node.span) else {
                continue;
            };
            places.insert(span.span_id.clone(), index);
            error_count += usize::from(span.is_error());
            let service = trace.service(span);
            match services.iter_mut().find(|(name, _)| *name == service) {
                Some((_, count)) => *count += 1,
                None => services.push((service, 1)),
            }
        }
        let timeline = Timeline::of(&trace.spans);
        Self {
            trace,
            tree,
            timeline,
            services,
            error_count,
            places,
        }
    }

    /// The span that the whole trace is named after: the first root.
    pub fn root(&self) -> Option<&Span> {
        self.tree
            .nodes()
            .first()
            .and_then(|node| self.trace.spans.get(node.span))
    }

    /// How many spans there are, duplicates not counted.
    pub fn span_count(&self) -> usize {
        self.tree.nodes().len()
    }

    /// A span with its place in the tree.
    pub fn find(&self, id: &Id) -> Option<(usize, &Node, &Span)> {
        let index = *self.places.get(id)?;
        self.at(index).map(|(node, span)| (index, node, span))
    }

    /// The node at an index of the tree, with its span.
    pub fn at(&self, index: usize) -> Option<(&Node, &Span)> {
        let node = self.tree.nodes().get(index)?;
        Some((node, self.trace.spans.get(node.span)?))
    }

    /// The rows that are not inside a collapsed one.
    pub fn visible_rows(&self, collapsed: &HashSet<Id>) -> Vec<usize> {
        layout::visible_rows(&self.tree, &self.trace.spans, collapsed)
    }

    /// The ids of all spans that have children: what "collapse all" collapses.
    pub fn parents(&self) -> impl Iterator<Item = &Id> {
        let nodes = self.tree.nodes().iter().enumerate();
        nodes
            .filter(|(index, _)| self.tree.has_children(*index))
            .filter_map(|(_, node)| self.trace.spans.get(node.span))
            .map(|span| &span.span_id)
    }

    /// The spans above one, nearest first.
    pub fn ancestors(&self, id: &Id) -> Vec<&Id> {
        let mut ancestors = Vec::new();
        let mut parent = self.find(id).and_then(|(_, node, _)| node.parent);
        while let Some((node, span)) = parent.and_then(|index| self.at(index)) {
            ancestors.push(&span.span_id);
            parent = node.parent;
        }
        ancestors
    }
}
