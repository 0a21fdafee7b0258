//! The form that uploads a file.

use leptos::{html, prelude::*, web_sys::SubmitEvent};
use rag_admin_api::{Document, MAX_DOCUMENT_BYTES};

use crate::{
    api,
    parts::{Outcome, Submit, Task},
};

#[component]
pub(super) fn UploadDocument(documents: RwSignal<Vec<Document>>) -> impl IntoView {
    let task = Task::new();
    let input = NodeRef::<html::Input>::new();

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let files = input.get_untracked().and_then(|input| input.files());
        let Some(file) = files.and_then(|files| files.get(0)) else {
            return task.complain("Choose a file first.");
        };
        if file.size() > MAX_DOCUMENT_BYTES as f64 {
            let most = MAX_DOCUMENT_BYTES / 1024 / 1024;
            return task.complain(format!("The file is larger than {most} MiB."));
        }
        task.run(api::documents::upload(file), move |document: Document| {
            if let Some(input) = input.get_untracked() {
                input.set_value("");
            }
            let told = format!("{} is uploaded.", document.title);
            documents.update(|documents| documents.insert(0, document));
            told
        });
    };

    view! {
        <form class="card form" novalidate aria-labelledby="upload-title" on:submit=submit>
            <h2 id="upload-title">"Upload"</h2>
            <div class="field">
                <label for="document-file">"Text file"</label>
                <input
                    id="document-file"
                    type="file"
                    accept="text/*,.txt,.md,.csv,.log"
                    aria-describedby="document-file-hint"
                    node_ref=input
                />
                <p id="document-file-hint" class="hint">
                    {format!("Text in UTF-8, up to {} MiB. Choose it, or drop it here.", MAX_DOCUMENT_BYTES / 1024 / 1024)}
                </p>
            </div>
            <Outcome task />
            <Submit trace="upload-document" busy=task.busy() label="Upload" busy_label="Uploading…" />
        </form>
    }
}
