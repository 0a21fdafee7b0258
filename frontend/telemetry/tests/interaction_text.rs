//! Names from what is written on a control, for those who ask for it.
#![cfg(target_arch = "wasm32")]

mod support;

use support::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn what_is_written_on_a_control_is_its_name_if_nothing_else_is_and_what_is_typed_never_is() {
    set_up_with(|builder| builder.interaction_text(true));
    let page = html(&format!(
        r#"<button>
               Sign in
               <small>at once</small></button>
           <button id="known">Text</button><span role="tab">Users</span><button></button>
           <textarea>Typed</textarea><select><option>Chosen</option></select>
           <p role="textbox" contenteditable>Typed</p><button>{}</button>"#,
        "long".repeat(100)
    ));
    let mut names = String::new();
    for index in 0..page.children().length() {
        let control = page.children().item(index).unwrap();
        let trace = click(&wasm_bindgen::JsCast::unchecked_into(control));
        names += &tree(&finished(&trace).await);
    }
    let long = "long".repeat(16);
    assert_eq!(
        names,
        format!(
            "click Sign in at once\nclick known\nclick Users\nclick button\nclick textarea\n\
             click select\nclick textbox\nclick {long}\n"
        )
    );
}
