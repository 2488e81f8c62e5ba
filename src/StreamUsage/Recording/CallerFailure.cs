namespace StreamUsage.Recording;

/// <summary>Represents the caller's reason to mark the exchange as failed.</summary>
internal sealed record CallerFailure(int StatusCode, string Message);
