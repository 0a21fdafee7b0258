//! Spans to a tree: flat, in display order, built without recursion, whatever the spans look like.
//!
//! Traces arrive in pieces and out of order, over clocks that disagree and exporters that retry. So duplicates are
//! dropped, a span whose parent is not there (yet) stands as a root and says so, and spans that claim each other as
//! parents are shown too, from the earliest of them.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::otlp::{Id, Span};

/// Nodes in pre-order: a node is followed by its whole subtree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
}

/// One span at its place. All indices except `span` point into the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Index into the spans that the tree was built from.
    pub span: usize,
    /// 0 for a root.
    pub depth: usize,
    /// The node above; `None` for a root.
    pub parent: Option<usize>,
    /// The index after the last node of its subtree.
    pub subtree_end: usize,
    /// Its place among its siblings, from 1.
    pub position: usize,
    /// How many siblings there are, itself included.
    pub siblings: usize,
    /// Failed spans below it, itself not included.
    pub errors_below: usize,
    /// Why it stands where it stands.
    pub placement: Placement,
}

/// How a span came to its place in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It has no parent.
    Root,
    /// Below its parent.
    Child,
    /// As a root, because its parent was not received.
    ParentNotReceived,
    /// As a root, because it is its own ancestor.
    Cycle,
}

impl Tree {
    /// Builds the tree. Linear but for sorting siblings.
    pub fn build(spans: &[Span]) -> Self {
        let mut builder = Builder::new(spans);
        let mut roots = Vec::new();
        for &index in &builder.unique {
            match builder.parents.get(index).copied().flatten() {
                Some(Parent::Received(_)) => {}
                Some(Parent::Missing) => roots.push((index, Placement::ParentNotReceived)),
                None => roots.push((index, Placement::Root)),
            }
        }
        for (index, placement) in roots {
            builder.place(index, placement);
        }
        for index in builder.unique.clone() {
            if !builder.is_placed(index) {
                let first = builder.earliest_of_cycle(index);
                builder.place(first, Placement::Cycle);
            }
        }
        builder.finish()
    }

    /// The nodes in display order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether a node has children.
    pub fn has_children(&self, index: usize) -> bool {
        self.nodes
            .get(index)
            .is_some_and(|node| node.subtree_end > index + 1)
    }

    /// Whether spans are known to be missing.
    pub fn is_incomplete(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| node.placement == Placement::ParentNotReceived)
    }
}

#[derive(Clone, Copy)]
enum Parent {
    Received(usize),
    Missing,
}

struct Builder<'a> {
    spans: &'a [Span],
    /// Each span once, by start.
    unique: Vec<usize>,
    parents: Vec<Option<Parent>>,
    children: Vec<Vec<usize>>,
    placed: Vec<bool>,
    nodes: Vec<Node>,
    root_count: usize,
}

impl<'a> Builder<'a> {
    fn new(spans: &'a [Span]) -> Self {
        let mut by_id: HashMap<&Id, usize> = HashMap::with_capacity(spans.len());
        let mut unique = Vec::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            by_id.entry(&span.span_id).or_insert_with(|| {
                unique.push(index);
                index
            });
        }
        // The longer of two that start together first: it is likelier to be the cause.
        unique.sort_by_key(|&index| {
            spans
                .get(index)
                .map(|span| (span.start, Reverse(span.end), &span.span_id))
        });

        let parents: Vec<_> = spans
            .iter()
            .map(|span| {
                let parent = span.parent.as_ref()?;
                Some(
                    by_id
                        .get(parent)
                        .map_or(Parent::Missing, |&index| Parent::Received(index)),
                )
            })
            .collect();
        let mut children = vec![Vec::new(); spans.len()];
        for &index in &unique {
            if let Some(Some(Parent::Received(parent))) = parents.get(index)
                && let Some(list) = children.get_mut(*parent)
            {
                list.push(index);
            }
        }
        let placed = vec![false; spans.len()];
        Self {
            spans,
            unique,
            parents,
            children,
            placed,
            nodes: Vec::new(),
            root_count: 0,
        }
    }

    fn is_placed(&self, span: usize) -> bool {
        self.placed.get(span).copied().unwrap_or(true)
    }

    /// Adds a root with all that hangs below it.
    fn place(&mut self, root: usize, placement: Placement) {
        self.root_count += 1;
        let node = Node {
            span: root,
            depth: 0,
            parent: None,
            subtree_end: 0,
            position: self.root_count,
            siblings: 0,
            errors_below: 0,
            placement,
        };
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            match self.placed.get_mut(node.span) {
                Some(placed) if !*placed => *placed = true,
                _ => continue,
            }
            let index = self.nodes.len();
            let children: Vec<usize> = match self.children.get_mut(node.span) {
                Some(children) => std::mem::take(children),
                None => Vec::new(),
            };
            // A cycle ends at its first span, which is placed already.
            let children: Vec<usize> = children
                .into_iter()
                .filter(|&child| !self.is_placed(child))
                .collect();
            let siblings = children.len();
            pending.extend(
                children
                    .into_iter()
                    .enumerate()
                    .rev()
                    .map(|(at, span)| Node {
                        span,
                        depth: node.depth + 1,
                        parent: Some(index),
                        position: at + 1,
                        siblings,
                        placement: Placement::Child,
                        ..node.clone()
                    }),
            );
            self.nodes.push(node);
        }
    }

    /// `span` hangs on a cycle: no root leads to it. The walk up ends in the cycle; its earliest span stands for it.
    fn earliest_of_cycle(&self, span: usize) -> usize {
        let mut seen = HashMap::new();
        let mut path = Vec::new();
        let mut current = span;
        while !seen.contains_key(&current) {
            seen.insert(current, path.len());
            path.push(current);
            match self.parents.get(current) {
                Some(Some(Parent::Received(parent))) => current = *parent,
                _ => return current,
            }
        }
        let cycle = seen
            .get(&current)
            .and_then(|&first| path.get(first..))
            .unwrap_or_default();
        let earliest = cycle
            .iter()
            .min_by_key(|&&index| self.spans.get(index).map(|s| (s.start, &s.span_id)));
        earliest.copied().unwrap_or(span)
    }

    /// Fills in what is known only when every node has its place.
    fn finish(mut self) -> Tree {
        let mut below = vec![(0, 0); self.nodes.len()];
        for index in (0..self.nodes.len()).rev() {
            let (errors, end) = below.get(index).copied().unwrap_or_default();
            let Some(node) = self.nodes.get_mut(index) else {
                continue;
            };
            node.errors_below = errors;
            node.subtree_end = end.max(index + 1);
            if node.parent.is_none() {
                node.siblings = self.root_count;
            }
            let own = usize::from(self.spans.get(node.span).is_some_and(Span::is_error));
            if let Some((above, last)) = node.parent.and_then(|parent| below.get_mut(parent)) {
                *above += errors + own;
                *last = node.subtree_end.max(*last);
            }
        }
        Tree { nodes: self.nodes }
    }
}

#[cfg(test)]
mod tests;
