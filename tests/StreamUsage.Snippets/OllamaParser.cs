using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Snippets;

#region parser
internal sealed class OllamaParser : IUsageParser
{
    public string Protocol => "ollama-chat";

    public ParserMatch Match(StreamEvent streamEvent) =>
        streamEvent.Data.IndexOf("\"done\":"u8) >= 0 ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        var tokens = new ReportedTokens();
        var reader = new Utf8JsonReader(streamEvent.Data);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.String when name.SequenceEqual("content"u8):
                    output.OnOutput(OutputKind.Text, choiceIndex: 0, reader.ValueSpan, reader.ValueIsEscaped);
                    break;
                case JsonTokenType.String when name.SequenceEqual("thinking"u8):
                    output.OnOutput(OutputKind.Reasoning, choiceIndex: 0, reader.ValueSpan, reader.ValueIsEscaped);
                    break;
                case JsonTokenType.String when name.SequenceEqual("model"u8):
                    state = state with { Model = reader.GetString() };
                    break;
                case JsonTokenType.String when name.SequenceEqual("done_reason"u8):
                    state = state with { StopReason = reader.GetString() };
                    break;
                case JsonTokenType.Number when name.SequenceEqual("prompt_eval_count"u8):
                    tokens = tokens with { InputTokens = reader.GetInt64() };
                    break;
                case JsonTokenType.Number when name.SequenceEqual("eval_count"u8):
                    tokens = tokens with { OutputTokens = reader.GetInt64() };
                    break;
                case JsonTokenType.True when name.SequenceEqual("done"u8):
                    state = state with { IsTerminal = true };
                    break;
            }
        }

        return state.Merge(tokens);
    }
}
#endregion
