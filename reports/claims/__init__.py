"""What others claim: in words, as schema.org ClaimReview, and as badges."""
