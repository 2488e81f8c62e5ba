namespace StreamUsage.Recording;

/// <summary>Represents how a response ended.</summary>
internal readonly record struct Verdict(StreamOutcome Outcome, UsageStatus Status, int StatusCode);
