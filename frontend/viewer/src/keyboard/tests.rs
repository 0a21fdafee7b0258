use super::*;
use crate::otlp::Trace;

struct Waterfall {
    model: Model,
    collapsed: HashSet<Id>,
}

impl Waterfall {
    fn new() -> Self {
        let trace = Trace::parse(include_str!("../../testdata/sign_in.json")).unwrap();
        Self {
            model: Model::new(trace),
            collapsed: HashSet::new(),
        }
    }

    fn id(&self, name: &str) -> Id {
        let spans = &self.model.trace.spans;
        spans
            .iter()
            .find(|span| &*span.name == name)
            .unwrap()
            .span_id
            .clone()
    }

    fn press(&self, key: &str, on: &str) -> Option<Action> {
        action(&self.model, &self.collapsed, &self.id(on), key)
    }
}

#[test]
fn up_and_down_walk_the_visible_rows() {
    let mut waterfall = Waterfall::new();
    let insert = Action::Focus(waterfall.id("INSERT refresh_tokens"));
    waterfall.collapsed.insert(waterfall.id("verify_password"));
    assert_eq!(
        waterfall.press("ArrowDown", "verify_password"),
        Some(insert)
    );
    let verify = Action::Focus(waterfall.id("verify_password"));
    assert_eq!(
        waterfall.press("ArrowUp", "INSERT refresh_tokens"),
        Some(verify)
    );
    assert_eq!(waterfall.press("ArrowUp", "click sign-in"), None);
    assert_eq!(waterfall.press("ArrowDown", "INSERT refresh_tokens"), None);
}

#[test]
fn right_opens_then_goes_in_and_left_closes_then_goes_out() {
    let mut waterfall = Waterfall::new();
    let verify = waterfall.id("verify_password");
    let bcrypt = waterfall.id("bcrypt.verify");
    assert_eq!(
        waterfall.press("ArrowRight", "verify_password"),
        Some(Action::Focus(bcrypt))
    );
    assert_eq!(waterfall.press("ArrowRight", "bcrypt.verify"), None);
    let out = Some(Action::Focus(verify.clone()));
    assert_eq!(waterfall.press("ArrowLeft", "bcrypt.verify"), out);
    let close = Some(Action::Collapse(verify.clone()));
    assert_eq!(waterfall.press("ArrowLeft", "verify_password"), close);
    waterfall.collapsed.insert(verify.clone());
    let authenticate = Some(Action::Focus(waterfall.id("authenticate_user")));
    assert_eq!(
        waterfall.press("ArrowLeft", "verify_password"),
        authenticate
    );
    assert_eq!(
        waterfall.press("ArrowRight", "verify_password"),
        Some(Action::Expand(verify))
    );
}

#[test]
fn home_and_end_go_to_the_first_and_last_row_and_enter_selects() {
    let waterfall = Waterfall::new();
    let first = Some(Action::Focus(waterfall.id("click sign-in")));
    let last = Some(Action::Focus(waterfall.id("INSERT refresh_tokens")));
    assert_eq!(waterfall.press("Home", "POST"), first);
    assert_eq!(waterfall.press("End", "POST"), last);
    assert_eq!(
        waterfall.press("Enter", "POST"),
        Some(Action::Select(waterfall.id("POST")))
    );
    assert_eq!(waterfall.press("a", "POST"), None);
}
