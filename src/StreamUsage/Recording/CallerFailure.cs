namespace StreamUsage.Recording;

/// <summary>Why the caller says that the exchange has failed.</summary>
internal sealed record CallerFailure(int StatusCode, string Message);
