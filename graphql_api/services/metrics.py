"""What this process counts about itself, in a registry of its own; the only home of prometheus_client."""

from __future__ import annotations

import functools

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

_BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)  # seconds


class Metrics:
    """Counters and durations. Labels take few values: methods, statuses, templates of routes, kinds of limit."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tintype_requests_total", "Requests answered.", ("method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "tintype_request_seconds",
            "Time until a request was answered.",
            ("route",),
            registry=self._registry,
            buckets=_BUCKETS,
        )
        # (To find one by its labels takes longer than to count.)
        self._answers = functools.cache(lambda method, status: self._requests.labels(method, str(status)))
        self._durations = functools.cache(self._seconds.labels)
        self._limited = Counter(
            "tintype_rate_limited_total", "Requests refused by a rate limit.", ("limit",), registry=self._registry
        )
        self._unavailable = Counter(
            "tintype_rate_limiter_unavailable_total",
            "Requests whose limits were counted in this process alone, because Redis did not answer.",
            registry=self._registry,
        )
        self._unheard = Counter(
            "tintype_live_dropped_total",
            "Changes that other processes were not told of, because Redis was away or too slow.",
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has its answer."""
        self._answers(method, status).inc()
        self._durations(route).observe(seconds)

    def limited(self, limit: str) -> None:
        """A request was refused by this kind of limit."""
        self._limited.labels(limit).inc()

    def limiter_unavailable(self) -> None:
        """Redis did not answer, or was known not to."""
        self._unavailable.inc()

    def live_dropped(self) -> None:
        """Redis did not take what was to be told."""
        self._unheard.inc()

    def render(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
