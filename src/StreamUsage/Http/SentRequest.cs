namespace StreamUsage.Http;

/// <summary>Represents what is known of a request beside its context.</summary>
/// <param name="BodyLength">The length of its body.</param>
/// <param name="BodyCopy">Releases the context's request body when disposed; null for the caller's memory.</param>
/// <param name="AsksForTranscript">Whether it asks for a transcript, which may be plain text.</param>
/// <param name="StoredAnswerId">The id of the stored answer that it shows; null if it creates one.</param>
internal readonly record struct SentRequest(
    long BodyLength, IDisposable? BodyCopy = null, bool AsksForTranscript = false, string? StoredAnswerId = null);
