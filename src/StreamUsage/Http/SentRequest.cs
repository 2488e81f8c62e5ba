namespace StreamUsage.Http;

/// <summary>Represents what is known of a sent request beyond its context.</summary>
/// <param name="BodyLength">The bytes of its body from which the input can be estimated; 0 for an upload that was not
/// kept.</param>
/// <param name="BodyCopy">The <see cref="SentBody"/> behind the context's request body, to be disposed after use. Null
/// if the caller gave the body to <c>TrackUsage</c>.</param>
/// <param name="AsksForTranscript">Whether it asks for a transcript, which may be plain text.</param>
/// <param name="StoredAnswerId">The id of the stored answer that it fetches or cancels; null if it creates an
/// answer.</param>
internal readonly record struct SentRequest(
    long BodyLength, IDisposable? BodyCopy = null, bool AsksForTranscript = false, string? StoredAnswerId = null);
