namespace StreamUsage.Delivery;

/// <summary>A record that waits for its sink.</summary>
/// <param name="Record">The record.</param>
/// <param name="Start">The call that told the sink of its beginning; null where none was made.</param>
/// <param name="Since">When it came into the queue.</param>
internal readonly record struct QueuedRecord(UsageRecord Record, StartCall? Start, long Since);
