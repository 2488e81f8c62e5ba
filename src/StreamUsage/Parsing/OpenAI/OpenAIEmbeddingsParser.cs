using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses Embeddings of OpenAI and compatible servers: one body, with input usage only.</summary>
internal sealed class OpenAIEmbeddingsParser : IProbedProtocol
{
    public string Protocol => "openai-embeddings";

    public UsageNames UsageNames => OpenAIUsageNames.Chat;

    public string Operation => "embeddings";

    public ParserMatch Match(StreamEvent streamEvent) => Match(RootProbe.Read(streamEvent));

    public ParserMatch Match(in RootProbe probe) =>
        probe.Object.SequenceEqual("list"u8) && probe.HasDataArray && probe.Usage is UsageShape.Chat or UsageShape.Responses
            ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("model"u8))
            {
                state = reader.GetName() is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("id"u8))
            {
                state = reader.GetId() is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("usage"u8))
            {
                state = OpenAIUsage.ReadChat(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.Read(ref reader) is { } error ? state.WithError(error) : state;
            }
            else
            {
                reader.Skip();
            }
        }

        // There is no output. Some servers send only the total.
        ReportedTokens tokens = state.Tokens;
        state = state with { Tokens = tokens with { InputTokens = tokens.InputTokens ?? tokens.TotalTokens, OutputTokens = 0 } };
        return state.Error is null ? state with { IsTerminal = true } : state;
    }
}
