//! What the browser and the server halves of Throughline share: W3C trace context, names, redaction, and the export pipeline.
