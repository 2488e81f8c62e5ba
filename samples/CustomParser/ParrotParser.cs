using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace CustomParser;

/// <summary>
/// Reads the stream of a provider that does not exist: <c>hello</c> {conversation, parrot}, then <c>squawk</c> {words},
/// a <c>bill</c> {heard, known, spoken}, and <c>bye</c> {because} or <c>ouch</c> {what}. A parser has no fields: one
/// instance reads all streams of a tracker, also at the same time. What is known of a stream is the state that comes in
/// and goes out.
/// </summary>
internal sealed class ParrotParser : IUsageParser
{
    // UsageRecord.Protocol of what this parser has read.
    public string Protocol => "parrot";

    // Asked of the first events of a response. Certain: this event and all that follow are ours. Possible is for what
    // others could have sent as well.
    public ParserMatch Match(StreamEvent streamEvent) => streamEvent.Type.SequenceEqual("hello"u8) ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state)
    {
        long? heard = null, known = null, spoken = null;

        // Data that is no JSON throws: this event is skipped, that is logged, and the next one is read.
        var reader = new Utf8JsonReader(streamEvent.Data);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count))
            {
                heard = name.SequenceEqual("heard"u8) ? count : heard;
                known = name.SequenceEqual("known"u8) ? count : known;
                spoken = name.SequenceEqual("spoken"u8) ? count : spoken;
            }
            else if (reader.TokenType == JsonTokenType.String && name.SequenceEqual("words"u8))
            {
                // As it was sent, without a string of its own. It counts: for the time to the first token, and for an
                // estimate where no bill comes.
                streamEvent.ReportText(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                // Terminal: the answer is complete, whatever becomes of the connection.
                state = name.SequenceEqual("conversation"u8) ? state with { ResponseId = reader.GetString() }
                    : name.SequenceEqual("parrot"u8) ? state with { Model = reader.GetString() }
                    : name.SequenceEqual("because"u8) ? state with { StopReason = reader.GetString(), IsTerminal = true }
                    : name.SequenceEqual("what"u8) ? state.WithError("ouch", reader.GetString(), statusCode: 503)
                    : state;
            }
        }

        // What is null was not reported, and leaves what was reported before. "heard" includes what was known already,
        // as OpenAI's input includes cached tokens.
        return state.MergeCounts(heard, spoken, cacheReadInputTokens: known, inputIncludesCache: true);
    }
}
