namespace StreamUsage.Recording;

/// <summary>Represents how a response ended, and the status code that its record reports.</summary>
internal readonly record struct Verdict(StreamOutcome Outcome, UsageStatus Status, int StatusCode);
