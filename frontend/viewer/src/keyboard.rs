//! What the keys do in the waterfall: the treegrid pattern of the ARIA Authoring Practices Guide.

use std::collections::HashSet;

use crate::model::Model;
use crate::otlp::Id;

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Move the focus to this span.
    Focus(Id),
    /// Hide what is below this span.
    Collapse(Id),
    /// Show what is below this span.
    Expand(Id),
    /// Show the details of this span.
    Select(Id),
}

/// `key` is `KeyboardEvent.key`; `focused` the span whose row has the focus. `None`: the key means nothing here.
pub fn action(model: &Model, collapsed: &HashSet<Id>, focused: &Id, key: &str) -> Option<Action> {
    let (index, node, _) = model.find(focused)?;
    let is_parent = model.tree.has_children(index);
    let is_collapsed = collapsed.contains(focused);
    let rows = model.visible_rows(collapsed);
    let row = rows.iter().position(|&row| row == index)?;
    let focus = |index: Option<usize>| {
        let (_, span) = model.at(index?)?;
        Some(Action::Focus(span.span_id.clone()))
    };
    match key {
        "ArrowDown" => focus(rows.get(row + 1).copied()),
        "ArrowUp" => focus(
            row.checked_sub(1)
                .and_then(|above| rows.get(above).copied()),
        ),
        "Home" => focus(rows.first().copied()),
        "End" => focus(rows.last().copied()),
        "ArrowRight" if is_parent && is_collapsed => Some(Action::Expand(focused.clone())),
        "ArrowRight" if is_parent => focus(Some(index + 1)),
        "ArrowLeft" if is_parent && !is_collapsed => Some(Action::Collapse(focused.clone())),
        "ArrowLeft" => focus(node.parent),
        "Enter" | " " => Some(Action::Select(focused.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
