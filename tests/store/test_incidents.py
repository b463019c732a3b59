"""Incidents are stored until they are over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from newsletter.store import Store
from newsletter.store.incidents import Incident, IncidentKind
from tests.factories import NOW

SILENT = Incident(IncidentKind.SOURCE_SILENT, "arxiv cs.CL", "no new papers since Monday", NOW)


def test_an_incident_keeps_when_it_began(store: Store) -> None:
    store.incidents.put(SILENT)
    store.incidents.set_notified(SILENT, NOW)
    later = replace(SILENT, detail="still none", began_at=NOW + timedelta(days=1))
    store.incidents.put(later)
    assert store.incidents.open() == [replace(SILENT, detail="still none", notified_at=NOW)]
    store.incidents.end(later)
    assert store.incidents.open() == []
