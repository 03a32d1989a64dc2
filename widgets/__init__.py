"""The eyes and hands: Qt views that raise wishes, offer setters and decide nothing."""
