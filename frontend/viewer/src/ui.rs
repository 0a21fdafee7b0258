//! The page: one component one file.

mod api;
mod app;
mod clock;
mod copy;
mod failure;
mod filters;
mod icons;
mod list_feed;
mod navigation;
mod poll;
mod send_first;
mod service;
mod span_attributes;
mod span_details;
mod trace_feed;
mod trace_header;
mod trace_list;
mod trace_page;
mod trace_row;
mod waterfall;
mod waterfall_row;

pub(crate) use app::App;
