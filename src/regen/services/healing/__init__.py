"""The sweep and its parts: finding and completing work whose owner died."""
