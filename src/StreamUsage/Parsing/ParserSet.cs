using System.Text.Json;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Cohere;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.Mistral;
using StreamUsage.Parsing.OpenAI;

namespace StreamUsage.Parsing;

/// <summary>Represents a tracker's parsers, and chooses among them. Of equal matches a custom parser wins.</summary>
internal sealed class ParserSet
{
    /// <summary>The parser of Realtime's socket messages.</summary>
    public static readonly RealtimeParser Realtime = new();

    /// <summary>The parser of spoken audio.</summary>
    public static readonly AudioFileParser SpokenAnswer = new("speech");

    /// <summary>The parser of plain-text transcripts.</summary>
    public static readonly AudioFileParser Transcript = new("transcription");

    private static readonly ClaudeParser Claude = new();
    private static readonly OpenAIChatParser Chat = new();
    private static readonly OpenAIResponsesParser Responses = new();
    private static readonly OpenAICompletionsParser Completions = new(Chat);
    private static readonly OpenAIEmbeddingsParser Embeddings = new();
    private static readonly OpenAIAudioParser Audio = new();
    private static readonly OpenAIImagesParser Images = new();
    private static readonly OpenAIModerationsParser Moderations = new();
    private static readonly GeminiParser Gemini = new();
    private static readonly InteractionsParser Interactions = new();
    private static readonly ConverseParser Converse = new();
    private static readonly InvokedModelParser InvokedModel = new();
    private static readonly CohereChatParser CohereChat = new();
    private static readonly CohereChatV1Parser CohereChatV1 = new();
    private static readonly CohereInputParser CohereEmbed = new("cohere-embed", "embeddings", RootMembers.Embeddings);
    private static readonly CohereInputParser CohereRerank = new("cohere-rerank", "rerank", RootMembers.Results);
    private static readonly ConversationsParser Conversations = new();

    private static readonly TokenCountParser ClaudeCounts = new("anthropic-messages", RootMembers.InputTokens, "");
    private static readonly TokenCountParser OpenAICounts = new("openai-responses", RootMembers.InputTokens, "response.input_tokens");
    private static readonly TokenCountParser GeminiCounts = new("gemini", RootMembers.TotalTokens, "");
    private static readonly TokenCountParser ConverseCounts = new("bedrock-converse", RootMembers.ConverseInputTokens, "");

    /// <summary>The parser of Gemini Live's socket messages.</summary>
    public static readonly GeminiLiveParser Live = new();

    /// <summary>Gets the parser of Responses on a socket.</summary>
    public static IUsageParser ResponsesSession => Responses;

    private const int CallerFormatWeight = 10; // Above any match of another format.

    // The order matters: of equal matches the first one wins, and a parser's first format is the one recorded.
    private static readonly (ApiFormat Format, IUsageParser Parser)[] BuiltIn =
    [
        (ApiFormat.OpenAI, Chat), (ApiFormat.OpenAI, Responses), (ApiFormat.OpenAICli, Chat), (ApiFormat.OpenAICli, Responses),
        (ApiFormat.Claude, Claude), (ApiFormat.ClaudeCli, Claude), (ApiFormat.Gemini, Gemini), (ApiFormat.GeminiCli, Gemini),
        (ApiFormat.Gemini, Interactions), (ApiFormat.GeminiCli, Interactions), (ApiFormat.Gemini, Live),
        (ApiFormat.GeminiCli, Live), (ApiFormat.OpenAI, Completions), (ApiFormat.OpenAICli, Completions),
        (ApiFormat.OpenAI, Embeddings), (ApiFormat.OpenAICli, Embeddings), (ApiFormat.OpenAI, Audio), (ApiFormat.OpenAI, Images),
        (ApiFormat.OpenAI, Moderations), (ApiFormat.OpenAI, SpokenAnswer), (ApiFormat.OpenAI, Transcript),
        (ApiFormat.OpenAI, Realtime), (ApiFormat.OpenAICli, Realtime), (ApiFormat.Bedrock, Converse), (ApiFormat.Bedrock, Claude),
        (ApiFormat.Bedrock, InvokedModel), (ApiFormat.Bedrock, Chat), (ApiFormat.Cohere, CohereChat),
        (ApiFormat.Cohere, CohereChatV1), (ApiFormat.Cohere, CohereEmbed), (ApiFormat.Cohere, CohereRerank),
        (ApiFormat.Cohere, Chat), (ApiFormat.Cohere, Audio), (ApiFormat.Mistral, Conversations), (ApiFormat.Mistral, Chat),
        (ApiFormat.Mistral, Embeddings), (ApiFormat.Mistral, Audio), (ApiFormat.Mistral, SpokenAnswer),
        (ApiFormat.Bedrock, CohereChatV1), (ApiFormat.Bedrock, CohereEmbed), (ApiFormat.Claude, ClaudeCounts),
        (ApiFormat.ClaudeCli, ClaudeCounts), (ApiFormat.OpenAI, OpenAICounts), (ApiFormat.OpenAICli, OpenAICounts),
        (ApiFormat.Gemini, GeminiCounts), (ApiFormat.GeminiCli, GeminiCounts), (ApiFormat.Bedrock, ConverseCounts),
    ];

    /// <summary>Gets the built-in parsers.</summary>
    public static IReadOnlyList<(ApiFormat Format, IUsageParser Parser)> All => BuiltIn;

    private readonly (ApiFormat Format, IUsageParser Parser)[] _parsers;

    public ParserSet(IEnumerable<(ApiFormat Format, IUsageParser Parser)> custom) => _parsers = [.. custom, .. BuiltIn];

    /// <summary>Returns the parser that fits an event best; null if none matches. Parsers of the caller's format come
    /// first, then certain before possible matches.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="callerFormat">The caller's format.</param>
    /// <param name="isCertain">Whether the match is certain.</param>
    /// <param name="fault">Set to the first exception of a parser or for malformed data, unless it is set
    /// already.</param>
    public IUsageParser? Choose(StreamEvent streamEvent, ApiFormat callerFormat, out bool isCertain, ref Exception? fault)
    {
        IUsageParser? best = null;
        int bestRank = 0;
        RootProbe probe = Probe(streamEvent, ref fault);
        for (int i = 0; i < _parsers.Length; i++)
        {
            (ApiFormat format, IUsageParser parser) = _parsers[i];
            ParserMatch match = parser is IProbedProtocol probed ? probed.Match(probe) : Match(parser, streamEvent, ref fault);
            int rank = (int)match * (format == callerFormat ? CallerFormatWeight : 1);
            if (rank > bestRank)
            {
                best = parser;
                bestRank = rank;
            }
        }

        isCertain = bestRank is (int)ParserMatch.Certain or (int)ParserMatch.Certain * CallerFormatWeight;
        return best;
    }

    // No built-in parser recognizes malformed data.
    private static RootProbe Probe(StreamEvent streamEvent, ref Exception? fault)
    {
        try
        {
            return RootProbe.Read(streamEvent);
        }
        catch (JsonException caught)
        {
            fault ??= caught;
            return default;
        }
    }

    // A parser that throws must not keep the others from the event.
    private static ParserMatch Match(IUsageParser parser, StreamEvent streamEvent, ref Exception? fault)
    {
        try
        {
            return parser.Match(streamEvent);
        }
        catch (Exception caught)
        {
            fault ??= caught;
            return ParserMatch.None;
        }
    }

    /// <summary>Returns the format that a parser reads: the named one if it is among them, else its first.</summary>
    public ApiFormat FormatOf(IUsageParser parser, ApiFormat named)
    {
        ApiFormat? first = null;
        foreach ((ApiFormat format, IUsageParser candidate) in _parsers)
        {
            if (ReferenceEquals(candidate, parser))
            {
                if (format == named)
                {
                    return named;
                }

                first ??= format;
            }
        }

        return first ?? named;
    }
}
