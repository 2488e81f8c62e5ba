using StreamUsage.Parsing;

namespace StreamUsage.Framing;

/// <summary>An answer whose parser is known before its first byte.</summary>
/// <param name="Parser">The parser.</param>
/// <param name="Form">How it comes.</param>
internal sealed record KnownAnswer(IUsageParser Parser, AnswerForm Form)
{
    /// <summary>Finds what an answer is that says nothing of itself: a recording that a model has spoken, or a
    /// transcript in plain text.</summary>
    /// <param name="contentType">The body's content type; null where it has none.</param>
    /// <param name="asksForTranscript">Whether the request is known to ask for a transcript.</param>
    /// <returns>The answer; null where its first bytes tell.</returns>
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
