use super::*;
use crate::otlp::Trace;

/// Spans as `id<parent@start`, or `id@start` for a root; a `!` after the id marks an error.
fn spans(text: &str) -> Vec<Span> {
    let span = |word: &str| {
        let (ids, start) = word.split_once('@').unwrap();
        let (id, parent) = ids.split_once('<').unwrap_or((ids, ""));
        let code = if id.ends_with('!') { 2 } else { 0 };
        let id = id.trim_end_matches('!');
        format!(
            r#"{{"traceId":"1","spanId":"{id}","parentSpanId":"{parent}","name":"{id}",
            "startTimeUnixNano":"{start}","status":{{"code":{code}}}}}"#
        )
    };
    let spans = text
        .split_whitespace()
        .map(span)
        .collect::<Vec<_>>()
        .join(",");
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    Trace::parse(&body).unwrap().spans
}

fn outline(spans: &[Span]) -> Vec<String> {
    let line = |node: &Node| {
        let note = match node.placement {
            Placement::Root | Placement::Child => "",
            Placement::ParentNotReceived => " (parent not received)",
            Placement::Cycle => " (cycle)",
        };
        format!("{}{}{note}", "-".repeat(node.depth), spans[node.span].name)
    };
    Tree::build(spans).nodes().iter().map(line).collect()
}

#[test]
fn a_sign_in_reads_from_the_click_to_the_row() {
    let trace = Trace::parse(include_str!("../../testdata/sign_in.json")).unwrap();
    assert_eq!(
        outline(&trace.spans),
        [
            "click sign-in",
            "-POST",
            "--POST /api/v1/auth/signin",
            "---authenticate_user",
            "----SELECT users",
            "----verify_password",
            "-----bcrypt.verify",
            "----INSERT refresh_tokens",
        ]
    );
}

#[test]
fn children_stand_in_the_order_of_their_start_however_they_arrive() {
    assert_eq!(
        outline(&spans("c<a@3 b<a@2 a@1 d<b@9")),
        ["a", "-b", "--d", "-c"]
    );
}

#[test]
fn a_span_whose_parent_was_not_received_is_a_root_and_says_so() {
    let spans = spans("b<a@2 c<b@3 d@9");
    assert_eq!(outline(&spans), ["b (parent not received)", "-c", "d"]);
    assert!(Tree::build(&spans).is_incomplete());
}

#[test]
fn a_span_that_was_sent_twice_is_shown_once() {
    assert_eq!(outline(&spans("a@1 b<a@2 b<a@2 a@1")), ["a", "-b"]);
}

#[test]
fn spans_that_claim_each_other_as_parents_are_all_shown() {
    assert_eq!(outline(&spans("a<a@1")), ["a (cycle)"]);
    assert_eq!(
        outline(&spans("e<d@5 c<b@3 b<d@2 d<c@4 a@1")),
        ["a", "b (cycle)", "-c", "--d", "---e"]
    );
}

#[test]
fn a_node_knows_its_place_its_subtree_and_the_errors_below() {
    let tree = Tree::build(&spans("a@1 b<a@2 c!<b@3 d!<a@4"));
    let facts = |node: &Node| {
        (
            node.position,
            node.siblings,
            node.subtree_end,
            node.errors_below,
        )
    };
    let facts: Vec<_> = tree.nodes().iter().map(facts).collect();
    assert_eq!(
        facts,
        [(1, 1, 4, 2), (1, 2, 3, 1), (1, 1, 3, 0), (2, 2, 4, 0)]
    );
    assert!(tree.has_children(1));
    assert!(!tree.has_children(2));
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_does_not_overflow_the_stack() {
    let deep = 100_000;
    let chain = (1..=deep)
        .map(|id| format!("{id:x}<{:x}@{id}", id - 1))
        .collect::<Vec<_>>();
    let tree = Tree::build(&spans(&chain.join(" ")));
    assert_eq!(tree.nodes().len(), deep);
    assert_eq!(tree.nodes()[deep - 1].depth, deep - 1);
    assert_eq!(tree.nodes()[0].subtree_end, deep);
}
