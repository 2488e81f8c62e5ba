namespace StreamUsage.Recording;

/// <summary>Represents the caller's reason to mark the response as failed.</summary>
internal sealed record CallerFailure(int StatusCode, string Message);
