"""A canary on live jobs and scores: watched until a verdict, and as an answer over HTTP."""
