using System.Text.Json;
using StreamUsage.Parsing.Bedrock;

namespace StreamUsage.Parsing.Json;

/// <summary>Specifies root members that identify a protocol. A member counts only if its value has the expected JSON
/// type.</summary>
[Flags]
internal enum RootMembers
{
    None = 0,
    Message = 1,
    FinishReason = 1 << 1,
    IsFinished = 1 << 2,
    GenerationId = 1 << 3,
    Results = 1 << 4,
    Embeddings = 1 << 5,
    Text = 1 << 6,
    Recording = 1 << 7, // A member that transcriptions have beside the text.
    Images = 1 << 8,
    Steps = 1 << 9,
    Interaction = 1 << 10,
    Outputs = 1 << 11,
    TitanText = 1 << 12, // Titan's text, or one of its counts.
    Generation = 1 << 13,
    Generations = 1 << 14,
    InvocationMetrics = 1 << 15,
    InputTokens = 1 << 16,
    TotalTokens = 1 << 17,
    Embedding = 1 << 18,
    LlamaCounts = 1 << 19,
    ModerationId = 1 << 20,
    ConverseInputTokens = 1 << 21,
    Ranking = 1 << 22,
}

/// <summary>Finds the <see cref="RootMembers"/> of a property.</summary>
internal static class RootMember
{
    /// <summary>Returns the member that a property is; <see cref="RootMembers.None"/> if it identifies
    /// nothing.</summary>
    public static RootMembers Of(scoped ReadOnlySpan<byte> name, Utf8JsonReader value) => value.TokenType switch
    {
        JsonTokenType.String => OfString(name, value),
        JsonTokenType.Number => OfNumber(name),
        JsonTokenType.StartArray => OfArray(name, value),
        JsonTokenType.StartObject => OfObject(name),
        JsonTokenType.True or JsonTokenType.False => name.SequenceEqual("is_finished"u8) ? RootMembers.IsFinished : RootMembers.None,
        _ => RootMembers.None,
    };

    private static RootMembers OfString(scoped ReadOnlySpan<byte> name, Utf8JsonReader value) =>
        name.SequenceEqual("text"u8) ? RootMembers.Text
        : name.SequenceEqual("finish_reason"u8) ? RootMembers.FinishReason
        : name.SequenceEqual("generation_id"u8) ? RootMembers.GenerationId
        : name.SequenceEqual("outputText"u8) ? RootMembers.TitanText
        : name.SequenceEqual("generation"u8) ? RootMembers.Generation
        : name.SequenceEqual("id"u8) ? (value.ValueSpan.StartsWith("modr"u8) ? RootMembers.ModerationId : RootMembers.None)
        : name.SequenceEqual("task"u8) || name.SequenceEqual("language"u8) || name.SequenceEqual("duration"u8) ? RootMembers.Recording
        : RootMembers.None;

    private static RootMembers OfNumber(scoped ReadOnlySpan<byte> name) =>
        name.SequenceEqual("inputTextTokenCount"u8) || name.SequenceEqual("totalOutputTextTokenCount"u8) ? RootMembers.TitanText
        : name.SequenceEqual("prompt_token_count"u8) || name.SequenceEqual("generation_token_count"u8) ? RootMembers.LlamaCounts
        : name.SequenceEqual("duration"u8) ? RootMembers.Recording
        : name.SequenceEqual("input_tokens"u8) ? RootMembers.InputTokens
        : name.SequenceEqual("inputTokens"u8) ? RootMembers.ConverseInputTokens
        : name.SequenceEqual("totalTokens"u8) ? RootMembers.TotalTokens
        : RootMembers.None;

    private static RootMembers OfObject(scoped ReadOnlySpan<byte> name) =>
        name.SequenceEqual("message"u8) ? RootMembers.Message
        : name.SequenceEqual("interaction"u8) ? RootMembers.Interaction
        : name.SequenceEqual("x_groq"u8) ? RootMembers.Recording // Groq's chunks of Chat have it too, beside choices.
        : name.SequenceEqual("embeddings"u8) ? RootMembers.Embeddings
        : name.SequenceEqual(InvocationMetrics.Name) ? RootMembers.InvocationMetrics
        : RootMembers.None;

    private static RootMembers OfArray(scoped ReadOnlySpan<byte> name, Utf8JsonReader value) =>
        name.SequenceEqual("data"u8) ? (IsImage(value) ? RootMembers.Images : RootMembers.None)
        : name.SequenceEqual("results"u8) ? RootMembers.Results | (IsRanking(value) ? RootMembers.Ranking : RootMembers.None)
        : name.SequenceEqual("embeddings"u8) ? RootMembers.Embeddings
        : name.SequenceEqual("embedding"u8) ? RootMembers.Embedding
        : name.SequenceEqual("steps"u8) ? RootMembers.Steps
        : name.SequenceEqual("outputs"u8) ? RootMembers.Outputs
        : name.SequenceEqual("generations"u8) ? RootMembers.Generations
        : name.SequenceEqual("segments"u8) || name.SequenceEqual("words"u8) ? RootMembers.Recording
        : RootMembers.None;

    // Returns whether the first element is an image: {b64_json} or {url}.
    private static bool IsImage(Utf8JsonReader data)
    {
        if (!data.EnterArray() || !data.NextElement() || !data.EnterObject())
        {
            return false;
        }

        while (data.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("b64_json"u8) || name.SequenceEqual("url"u8) || name.SequenceEqual("revised_prompt"u8))
            {
                return true;
            }

            data.Skip();
        }

        return false;
    }

    // Returns whether the first element is a ranked document: {index, relevance_score}.
    private static bool IsRanking(Utf8JsonReader results)
    {
        if (!results.EnterArray() || !results.NextElement() || !results.EnterObject())
        {
            return false;
        }

        while (results.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("relevance_score"u8))
            {
                return true;
            }

            results.Skip();
        }

        return false;
    }
}
