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

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state)
    {
        long? input = null, output = null;
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
                    streamEvent.ReportText(reader.ValueSpan, reader.ValueIsEscaped);
                    break;
                case JsonTokenType.String when name.SequenceEqual("thinking"u8):
                    streamEvent.ReportReasoning(reader.ValueSpan, reader.ValueIsEscaped);
                    break;
                case JsonTokenType.String when name.SequenceEqual("model"u8):
                    state = state with { Model = reader.GetString() };
                    break;
                case JsonTokenType.String when name.SequenceEqual("done_reason"u8):
                    state = state with { StopReason = reader.GetString() };
                    break;
                case JsonTokenType.Number when name.SequenceEqual("prompt_eval_count"u8):
                    input = reader.GetInt64();
                    break;
                case JsonTokenType.Number when name.SequenceEqual("eval_count"u8):
                    output = reader.GetInt64();
                    break;
                case JsonTokenType.True when name.SequenceEqual("done"u8):
                    state = state with { IsTerminal = true };
                    break;
            }
        }

        return state.MergeCounts(input, output);
    }
}
#endregion
