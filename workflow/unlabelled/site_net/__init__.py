"""Site-Net encoder: sites attend to their environment; the crystal is the pooled sites."""
