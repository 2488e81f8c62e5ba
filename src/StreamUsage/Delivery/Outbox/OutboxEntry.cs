namespace StreamUsage.Delivery.Outbox;

/// <summary>Represents an entry of an outbox.</summary>
/// <param name="Record">The record.</param>
/// <param name="IsOrphan">Whether the process of an open response has ended. The record is not priced yet.</param>
internal readonly record struct OutboxEntry(UsageRecord Record, bool IsOrphan);
