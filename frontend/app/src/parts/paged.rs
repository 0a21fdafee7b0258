//! A list that the server gives a page at a time.

use leptos::{prelude::*, task::spawn_local};

use crate::{api::ApiError, session::SignedIn};

/// What there are lists of.
pub(crate) trait Listed: Clone + Send + Sync + Sized + 'static {
    /// Those that follow `after` (the first ones if it is empty), and what to ask for as `after` to get more.
    fn page(
        after: String,
    ) -> impl Future<Output = Result<(Vec<Self>, Option<String>), ApiError>> + 'static;
}

/// As much of a list as has been asked for.
pub(crate) struct Paged<T: Listed> {
    pub(crate) items: RwSignal<Vec<T>>,
    progress: RwSignal<Progress>,
    after: StoredValue<String>,
    session: SignedIn,
}

#[derive(Clone)]
enum Progress {
    Loading,
    /// There is more.
    Paused,
    Complete,
    Failed(String),
}

/// Below a list: that it is being loaded, why it could not be, or the button for more of it.
#[component]
pub(crate) fn More<T: Listed>(
    list: Paged<T>,
    /// What a click on the button is called in a trace.
    trace: &'static str,
) -> impl IntoView {
    let button = move |label: &'static str| {
        view! {
            <button type="button" data-trace=trace on:click=move |_| list.load()>{label}</button>
        }
    };
    move || match list.progress.get() {
        Progress::Loading => view! {
            <p class="waiting" role="status"><span class="spinner"></span>"Loading…"</p>
        }
        .into_any(),
        Progress::Paused => view! { <p class="more">{button("Show more")}</p> }.into_any(),
        Progress::Failed(reason) => view! {
            <p class="message" role="alert">{reason}</p>
            <p class="more">{button("Try again")}</p>
        }
        .into_any(),
        Progress::Complete => ().into_any(),
    }
}

// === impl Paged ===

impl<T: Listed> Paged<T> {
    /// The list, of which the first page is asked for at once.
    pub(crate) fn load_first() -> Paged<T> {
        let list = Paged {
            items: RwSignal::new(Vec::new()),
            progress: RwSignal::new(Progress::Loading),
            after: StoredValue::new(String::new()),
            session: SignedIn::expect(),
        };
        list.load();
        list
    }

    /// Whether the list was loaded to its end.
    pub(crate) fn is_complete(self) -> bool {
        matches!(self.progress.get(), Progress::Complete)
    }

    fn load(self) {
        self.progress.set(Progress::Loading);
        spawn_local(async move {
            let Some(after) = self.after.try_get_value() else {
                return;
            };
            let result = T::page(after).await;
            match result {
                Err(error @ ApiError::Unauthorized(_)) => self.session.end(Some(error)),
                _ if self.progress.is_disposed() => {}
                Err(error) => self.progress.set(Progress::Failed(error.to_string())),
                Ok((items, next)) => {
                    self.items.update(|all| all.extend(items));
                    self.progress.set(match next {
                        Some(_) => Progress::Paused,
                        None => Progress::Complete,
                    });
                    self.after.set_value(next.unwrap_or_default());
                }
            }
        });
    }
}

impl<T: Listed> Clone for Paged<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Listed> Copy for Paged<T> {}
