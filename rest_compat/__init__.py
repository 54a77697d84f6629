"""REST as others documented it: dialects that translate requests and answers, and decide nothing."""
