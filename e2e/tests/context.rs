//! The rules of context, under stress: thirty clicks into one another, ten awaits each, by every way in which a Leptos
//! page starts work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use throughline_e2e::{Browser, Echo, Lab, Span, until};

const AWAITS: usize = 10;

/// The buttons in the order in which they are clicked, twice over. Each starts its ten awaits by the way that its name
/// says; `mounted` does so by two ways, and is on the page only after a click on `mount`.
///
/// A Resource that is loading takes no more than one click: Leptos wakes its task for the first one only, and loads what
/// the last one asked for. Which click that was, nobody can know.
const BURST: [&str; 15] = [
    "spawn", "resource", "action", "mounted", "effect", "stopped", "action", "resource", "spawn",
    "mounted", "stopped", "effect", "spawn", "action", "effect",
];

#[tokio::test]
async fn thirty_interleaved_clicks_keep_every_fetch_in_the_trace_of_its_click() -> Result<()> {
    let (lab, browser) = (Lab::start().await?, Browser::start().await?);
    browser.goto(&lab.url("/")).await?;
    browser.click("#mount").await?;
    let mut clicks = vec!["mount"];
    // The second time, tasks wake whose clicks are long over.
    for _ in 0..2 {
        click_in_one_go(&browser, &BURST).await?;
        clicks.extend(BURST);
        until("every fetch", Duration::from_secs(60), async || {
            everything_is_done(&lab, &clicks)
        })
        .await?;
    }
    let echoes = lab.echoes();
    let spans = until("every span", Duration::from_secs(45), async || {
        let traces = lab
            .traces()
            .all("service=throughline-lab&limit=100")
            .await?;
        let mut spans: Vec<Span> = traces.into_iter().flat_map(|it| it.0).collect();
        spans.retain(|it| !it.name.starts_with("document"));
        let fetches = spans.iter().filter(|it| it.kind == "CLIENT").count();
        ensure!(
            fetches >= echoes.len(),
            "{fetches} spans of {} fetches",
            echoes.len()
        );
        let roots = spans.iter().filter(|it| it.parent.is_none()).count();
        ensure!(
            roots == clicks.len(),
            "{roots} roots of {} clicks",
            clicks.len()
        );
        Ok(spans)
    })
    .await?;

    let by_id: BTreeMap<&str, &Span> = spans.iter().map(|it| (it.span_id.as_str(), it)).collect();
    let check = |echo| is_in_the_trace_of_its_click(echo, &clicks, &by_id).err();
    let wrong: Vec<String> = echoes
        .iter()
        .filter_map(check)
        .map(|it| it.to_string())
        .collect();
    let total = echoes.len();
    ensure!(
        wrong.is_empty(),
        "{} of {total} fetches: {}",
        wrong.len(),
        wrong.join("\n")
    );

    let caused: BTreeSet<_> = echoes
        .iter()
        .map(|it| (it.get("click"), it.get("trace")))
        .collect();
    let traces: BTreeSet<_> = caused.iter().map(|it| it.1).collect();
    ensure!(
        caused.len() == traces.len(),
        "two clicks have one trace, or one has two: {caused:?}"
    );
    Ok(())
}

/// What the page said in the URL, what the server was sent as header, and what was exported: all of one trace.
fn is_in_the_trace_of_its_click(
    echo: &Echo,
    clicks: &[&str],
    by_id: &BTreeMap<&str, &Span>,
) -> Result<()> {
    let url = &echo.path_and_query;
    let [trace_parent] = echo.trace_parents.as_slice() else {
        bail!("{url}: not one traceparent: {:?}", echo.trace_parents);
    };
    let (_, trace_id, span_id) = fields(trace_parent).context("not a traceparent")?;
    let fetch = by_id
        .get(span_id)
        .with_context(|| format!("{url}: no span {span_id}"))?;
    ensure!(
        fetch.attribute("url.full").ends_with(url),
        "{url}: sent with the ids of {fetch:?}"
    );
    ensure!(
        fetch.trace_id == trace_id,
        "{url}: sent {trace_parent}, exported {fetch:?}"
    );
    ensure!(echo.get("trace") == trace_id, "{url}: in trace {trace_id}");
    let (root, button) = (root_of(fetch, by_id)?, clicks[echo.click()?]);
    ensure!(
        root.name == format!("click {button}"),
        "{url}: under {}",
        root.name
    );
    Ok(())
}

fn fields(trace_parent: &str) -> Option<(&str, &str, &str)> {
    let mut fields = trace_parent.split('-');
    Some((fields.next()?, fields.next()?, fields.next()?))
}

/// Moves, presses and releases the mouse for one button after the other: the next click comes while the last one still
/// awaits.
async fn click_in_one_go(browser: &Browser, buttons: &[&str]) -> Result<()> {
    let mut mouse = MouseActions::new("mouse".to_owned());
    for button in buttons {
        let element = browser.element(&format!("#{button}")).await?;
        mouse = mouse
            .then(PointerAction::MoveToElement {
                element,
                duration: None,
                x: 0.0,
                y: 0.0,
            })
            .then(PointerAction::Down {
                button: MOUSE_BUTTON_LEFT,
            })
            .then(PointerAction::Up {
                button: MOUSE_BUTTON_LEFT,
            })
            .then(PointerAction::Pause {
                duration: Duration::from_millis(10),
            });
    }
    Ok(browser.perform_actions(mouse).await?)
}

/// Whether the lab's server has seen ten fetches of every click, by every way.
fn everything_is_done(lab: &Lab, clicks: &[&str]) -> Result<()> {
    let mut fetches: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for echo in lab.echoes() {
        *fetches
            .entry((echo.click()?, echo.get("via").to_owned()))
            .or_default() += 1;
    }
    let ways = |button: &str| match button {
        "mounted" => vec!["mounted-effect".to_owned(), "mounted-resource".to_owned()],
        button => vec![button.to_owned()],
    };
    let expected: BTreeMap<_, _> = clicks
        .iter()
        .enumerate()
        .flat_map(|(click, button)| {
            ways(button)
                .into_iter()
                .map(move |way| ((click, way), AWAITS))
        })
        .collect();
    ensure!(fetches == expected, "so far {fetches:?}");
    Ok(())
}

fn root_of<'a>(span: &'a Span, by_id: &BTreeMap<&str, &'a Span>) -> Result<&'a Span> {
    let mut span = span;
    while let Some(parent) = &span.parent {
        span = by_id
            .get(parent.as_str())
            .with_context(|| format!("no parent of {span:?}"))?;
    }
    Ok(span)
}
