namespace StreamUsage.Delivery.Outbox;

/// <summary>Represents an entry of an outbox.</summary>
/// <param name="Record">The record.</param>
/// <param name="IsOrphan">Whether another process left the response open when it ended. The record has no price
/// yet.</param>
internal readonly record struct OutboxEntry(UsageRecord Record, bool IsOrphan);
