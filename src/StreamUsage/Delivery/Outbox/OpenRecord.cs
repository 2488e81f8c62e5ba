namespace StreamUsage.Delivery.Outbox;

/// <summary>Represents the state of an open response.</summary>
/// <param name="Record">The record that the response gets if the process ends now.</param>
/// <param name="IsOpen">Whether the response is still open.</param>
internal readonly record struct OpenRecord(UsageRecord Record, Func<bool> IsOpen);
