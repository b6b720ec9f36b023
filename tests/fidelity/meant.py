"""Where the model is meant to differ from Kafka: (script, label of the line) and why."""

MEANT = {
}
