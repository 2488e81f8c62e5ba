namespace StreamUsage.Delivery;

/// <summary>A record that a sink has refused.</summary>
/// <param name="Record">The record.</param>
/// <param name="Attempts">How often.</param>
/// <param name="Fault">Why, the last time.</param>
internal readonly record struct RefusedRecord(UsageRecord Record, int Attempts, Exception Fault);
