//! Documents: uploaded, listed while they are being indexed, searched.

mod list;
mod marked;
mod search;
mod upload;
mod watch;

use leptos::prelude::*;
use rag_admin_api::Document;

use crate::parts::{Heading, Paged};

#[component]
pub(crate) fn Documents() -> impl IntoView {
    let list = Paged::<Document>::load_first();
    watch::watch(list.items);
    view! {
        <Heading text="Documents" />
        <search::SearchDocuments />
        <upload::UploadDocument documents=list.items />
        <list::DocumentList list />
    }
}
