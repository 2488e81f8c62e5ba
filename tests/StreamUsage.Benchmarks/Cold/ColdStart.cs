using System.Diagnostics;
using System.Text;
using StreamUsage.Benchmarks.Contenders;

namespace StreamUsage.Benchmarks.Cold;

/// <summary>The first answers of a process, in a process that has done nothing else: 16 end at once, and a timer runs
/// beside them.</summary>
internal static class ColdStart
{
    public const string Command = "cold-process";

    private const int Answers = 16, ChunksEach = 400;

    private static readonly TimeSpan TimeForNoise = TimeSpan.FromMilliseconds(500);

    /// <summary>Prints the timer's own noise, its worst delay beside the answers, and the time until the last record,
    /// in milliseconds.</summary>
    public static async Task RunAsync(AnswerKind kind)
    {
        using var watch = new TimerWatch();
        await Task.Delay(TimerWatch.Period * 4);
        watch.TakeWorst(); // The timer's own start.
        await Task.Delay(TimeForNoise);
        TimeSpan noise = watch.TakeWorst();

        long start = Stopwatch.GetTimestamp();
        await using var tracker = new UsageTracker(new CountingSink());
        var completions = new Task<UsageRecord>[Answers];
        byte[] buffer = new byte[16 * 1024];
        for (int i = 0; i < Answers; i++)
        {
            // Both encodings are needed, as by a gateway to several models.
            string model = i % 2 == 0 ? "gpt-5" : "gpt-4";
            var context = new UsageContext { Model = model, RequestBody = Request(model) };
            using Stream stream = tracker.Track(new MemoryStream(Answer(model, kind)), context, out UsageTracking tracking);
            while (stream.Read(buffer) != 0)
            {
            }

            completions[i] = tracking.Completion;
        }

        UsageRecord[] records = await Task.WhenAll(completions);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        TimeSpan worst = watch.TakeWorst();
        TokenSource expected = kind == AnswerKind.Reported ? TokenSource.Reported : TokenSource.Estimated;
        if (Array.Exists(records, record => record.InputSource != expected || record.OutputSource != expected))
        {
            throw new WrongAnswerException($"an answer that is {kind} has another source than {expected}");
        }

        Console.WriteLine(FormattableString.Invariant($"{noise.TotalMilliseconds} {worst.TotalMilliseconds} {elapsed.TotalMilliseconds}"));
    }

    private static byte[] Request(string model)
    {
        string text = string.Join(' ', Enumerable.Range(0, 2_000).Select(static number => $"word{number}"));
        return Encoding.UTF8.GetBytes($$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"{{text}}"}]}""");
    }

    private static byte[] Answer(string model, AnswerKind kind)
    {
        var body = new StringBuilder();
        string envelope = $$"""data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"{{model}}","choices":[""";
        for (int i = 0; i < ChunksEach; i++)
        {
            body.Append(envelope)
                .Append("""{"index":0,"delta":{"content":" and word """).Append(i).Append("\"},\"finish_reason\":null}]}").Append("\n\n");
        }

        body.Append(envelope).Append("""{"index":0,"delta":{},"finish_reason":"stop"}]}""").Append("\n\n");
        if (kind == AnswerKind.Reported)
        {
            body.Append(envelope)
                .Append("""],"usage":{"prompt_tokens":4000,"completion_tokens":1600,"total_tokens":5600}}""").Append("\n\n");
        }

        return Encoding.UTF8.GetBytes(body.Append("data: [DONE]\n\n").ToString());
    }
}
