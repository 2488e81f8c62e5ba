using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace StreamUsage.Tests.Support;

/// <summary>
/// Where in a body its answer is complete, found plainly: the end of the first event that holds a mark. Knows nothing
/// of how the library reads.
/// </summary>
internal static partial class AnswerEnd
{
    /// <summary>How the last event of an answer is known, by the corpus it is of.</summary>
    public static string MarkOf(RecordedStream stream) => stream.IsWhole ? "" : stream.Format switch
    {
        "cohere-chat" => "\"type\":\"message-end\"",
        "cohere-chat-v1" => "\"event_type\":\"stream-end\"",
        "gemini-interactions" => "\"event_type\":\"interaction.completed\"",
        "openai-transcription" => "\"type\":\"transcript.text.done\"",
        "openai-completions" => "\"finish_reason\": ?\"",
        "bedrock-converse" => "\"stopReason\"",
        _ => "\"stopReason\"|\"message_stop\"|\"completionReason\":\"|\"is_finished\":true",
    };

    /// <summary>
    /// The number of bytes after which the answer is complete: those of the whole body, white space at its end aside,
    /// where there is no mark.
    /// </summary>
    public static int Find(byte[] body, string mark)
    {
        if (mark.Length == 0)
        {
            return body.AsSpan().LastIndexOf((byte)'}') + 1;
        }

        if (body[0] == 0)
        {
            return FindMessage(body, mark);
        }

        string text = Encoding.Latin1.GetString(body);
        Match found = Regex.Match(text, mark);
        int end = text.IndexOf('\n', found.Index);
        return text[..(end < 0 ? text.Length : end)].TrimEnd('\r').Length;
    }

    /// <summary>Where messages, events or lines end.</summary>
    public static int[] Boundaries(byte[] body)
    {
        if (body[0] != 0)
        {
            return [.. LineEnds().Matches(Encoding.Latin1.GetString(body)).Select(match => match.Index + match.Length)];
        }

        var ends = new List<int>();
        for (int at = 0; at < body.Length; at += BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at)))
        {
            ends.Add(at + BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at)));
        }

        return [.. ends];
    }

    [GeneratedRegex("(\r?\n)+")]
    private static partial Regex LineEnds();

    private static int FindMessage(byte[] body, string mark)
    {
        int start = 0;
        foreach (int end in Boundaries(body))
        {
            int headers = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(start + 4));
            string payload = Encoding.UTF8.GetString(body[(start + 12 + headers)..(end - 4)]);
            using JsonDocument message = JsonDocument.Parse(payload);
            payload = message.RootElement.TryGetProperty("bytes", out JsonElement bytes)
                ? Encoding.UTF8.GetString(bytes.GetBytesFromBase64()) : payload;
            bool isException = Encoding.Latin1.GetString(body, start + 12, headers).Contains(":exception-type", StringComparison.Ordinal);
            if (isException || Regex.IsMatch(payload, mark))
            {
                return end;
            }

            start = end;
        }

        throw new InvalidDataException($"No message has '{mark}'.");
    }
}
