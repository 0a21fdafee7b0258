//! `bind`: a JavaScript callback in the context in which it was made.

use super::frame;
use super::rule::{Cause, Origin};
use crate::interaction::roots;

/// Binds a closure to the present context, for a callback that JavaScript will call: a timer, an observer, a listener
/// made by hand. Futures need it not.
///
/// The closure has up to three arguments, whose types are to be written out.
///
/// ```no_run
/// use std::time::Duration;
/// use throughline_browser::bind;
///
/// // in a click's handler: what the timer does belongs to the click
/// leptos::prelude::set_timeout(bind(move || { /* fetch something */ }), Duration::from_millis(300));
/// ```
#[must_use]
pub fn bind<Arguments, F: Bind<Arguments>>(closure: F) -> F::Bound {
    closure.bind(Cause::current())
}

/// Closures that [`bind`] takes.
pub trait Bind<Arguments>: private::Sealed<Arguments> {
    /// What it makes of them; [`Closure::wrap`](wasm_bindgen::prelude::Closure::wrap) takes it.
    type Bound;

    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only `bind` calls it")]
    fn bind(self, cause: Cause) -> Self::Bound;
}

mod private {
    #[allow(unnameable_types, reason = "that is its purpose")]
    pub trait Sealed<Arguments> {}
}

macro_rules! impl_bind {
    ($($argument:ident $name:ident),*) => {
        impl<F, R, $($argument),*> private::Sealed<($($argument,)*)> for F
        where
            F: FnMut($($argument),*) -> R + 'static,
        {
        }

        impl<F, R, $($argument: 'static),*> Bind<($($argument,)*)> for F
        where
            F: FnMut($($argument),*) -> R + 'static,
            R: 'static,
        {
            type Bound = Box<dyn FnMut($($argument),*) -> R>;

            #[allow(private_interfaces, reason = "only `bind` calls it")]
            fn bind(mut self, cause: Cause) -> Self::Bound {
                Box::new(move |$($name),*| {
                    // All of it moves in, also what holds the root open.
                    let cause = &cause;
                    roots::active(&cause.cx);
                    let _entered = frame::enter(Origin::Handler, None, cause.cx.clone());
                    self($($name),*)
                })
            }
        }
    };
}

impl_bind!();
impl_bind!(A a);
impl_bind!(A a, B b);
impl_bind!(A a, B b, C c);
