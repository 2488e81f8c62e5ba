using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>Represents an answer whose parser is known before its first byte.</summary>
internal sealed record KnownAnswer(IUsageParser Parser, AnswerForm Form)
{
    /// <summary>Returns the parser and form of an answer that its bytes do not identify: speech, or a plain-text
    /// transcript. Returns null for others.</summary>
    /// <param name="contentType">The body's content type; null if none.</param>
    /// <param name="asksForTranscript">Whether the request asks for a transcript, and the response is no error. An
    /// error page is plain text too.</param>
    public static KnownAnswer? Find(string? contentType, bool asksForTranscript) =>
        contentType is null ? null
        : contentType.StartsWith("audio/", StringComparison.OrdinalIgnoreCase)
            ? new KnownAnswer(ParserSet.SpokenAnswer, AnswerForm.Recording)
        : asksForTranscript && IsTranscript(contentType) ? new KnownAnswer(ParserSet.Transcript, AnswerForm.Text)
        : null;

    // The formats text, srt and vtt of OpenAI's transcriptions.
    private static bool IsTranscript(string contentType) =>
        (contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            && !contentType.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase))
        || contentType.StartsWith("application/x-subrip", StringComparison.OrdinalIgnoreCase);
}
