"""Any transform, as hypothesis draws it; and the way from a query to one."""

from urllib.parse import parse_qsl

from hypothesis import strategies as st

from graphql_api.domain.color import Color
from graphql_api.domain.format import WRITTEN
from graphql_api.domain.geometry import Box, Edges, Fit
from graphql_api.domain.gravity import Anchor, Gravity, Smart, gravity_of
from graphql_api.domain.output import Metadata, Output
from graphql_api.domain.overlay import MAX_OVERLAYS, Font, Overlay, Repeat, Text
from graphql_api.domain.stage import MAX_SIDE, Filter, Stage, Trim
from graphql_api.domain.transform import SHORT_SIDES, Transform
from graphql_api.domain.transform_query import parse_query

lengths = st.none() | st.integers(1, MAX_SIDE)
colors = st.builds(Color, *[st.integers(0, 255)] * 4)
edges = st.none() | st.builds(Edges, *[st.integers(0, 500)] * 4)
uids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=12, max_size=12)
offsets = st.integers(-500, 500)
shares = st.integers(1, 100).map(lambda share: share / 100)
placing = {"anchor": st.sampled_from(Anchor), "x": offsets, "y": offsets, "opacity": shares}
overlays = st.builds(
    Overlay,
    uids,
    width=lengths,
    height=lengths,
    scale=st.none() | shares,
    repeat=st.sampled_from(Repeat),
    **placing,
)
texts = st.builds(
    Text,
    st.text(min_size=1, max_size=40).filter(
        lambda text: not text.isspace() and all(c.isprintable() or c == "\n" for c in text)
    ),
    size=st.integers(1, 512),
    color=colors,
    font=st.sampled_from(Font),
    bold=st.booleans(),
    width=lengths,
    background=st.none() | colors,
    **placing,
)
gravities = (
    st.sampled_from(Anchor).map(gravity_of)
    | st.sampled_from(Smart).map(lambda smart: Gravity(smart=smart))
    | st.builds(Gravity, shares, shares, st.booleans())
)


def factors(highest: int) -> st.SearchStrategy[float | None]:
    return st.none() | st.integers(0, highest * 100).map(lambda value: value / 100)


stages = st.builds(
    Stage,
    crop=st.none() | st.builds(Box, *[st.integers(0, 300)] * 2, *[st.integers(1, 300)] * 2),
    trim=st.none()
    | st.builds(Trim, edges.filter(bool))
    | st.builds(Trim, auto=st.just(True), tolerance=st.integers(0, 255)),
    mirror=st.booleans(),
    rotate=st.sampled_from([0, 90, 180, 270]) | st.integers(0, 3599).map(lambda value: value / 10),
    width=lengths,
    height=lengths,
    fit=st.sampled_from(Fit),
    gravity=gravities,
    zoom=shares,
    segment=st.booleans(),
    brightness=factors(10),
    contrast=factors(10),
    gamma=factors(10),
    saturation=factors(10),
    lightness=factors(100),
    hue=st.none() | st.integers(-360, 360),
    exposure=factors(10),
    filter=st.none() | st.sampled_from(Filter),
    duotone=st.none() | st.tuples(colors, colors),
    blur=st.none() | st.integers(0, 250),
    sharpen=factors(10),
    pixelate=st.none() | st.integers(1, 1000),
    background=st.none() | colors,
    overlays=st.lists(overlays | texts, max_size=MAX_OVERLAYS).map(tuple),
    padding=edges,
    border=edges,
    border_color=colors,
    radius=st.none() | st.integers(0, MAX_SIDE),
) | st.builds(Stage, short_side=st.sampled_from(sorted(SHORT_SIDES.values())) | st.integers(1, MAX_SIDE))
outputs = st.builds(
    Output,
    st.none() | st.sampled_from(WRITTEN),
    st.none() | st.integers(1, 100),
    auto=st.booleans(),
    fast=st.booleans(),
    still=st.booleans(),
    metadata=st.sampled_from(Metadata),
)
transforms = st.builds(lambda stage, output: Transform((stage,), output), stages, outputs)


def parse(query: str) -> Transform:
    return parse_query(parse_qsl(query, keep_blank_values=True))
