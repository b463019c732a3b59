"""The web: the public archive, subscribers' pages, the operator's page, webhooks, and the preview studio."""
