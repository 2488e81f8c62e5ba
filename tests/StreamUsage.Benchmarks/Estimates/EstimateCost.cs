using System.Diagnostics;
using System.Text;
using StreamUsage.Estimation;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Outputs;
using StreamUsage.Parsing;

namespace StreamUsage.Benchmarks.Estimates;

/// <summary>What an estimate of 1 MiB takes, whatever it is: as a request's body, as an output that was kept whole, and
/// as one that was kept as far as the default allows.</summary>
internal static class EstimateCost
{
    private const int Size = 1024 * 1024;
    private const int Rounds = 3;

    private static readonly ModelTokenEstimator Estimator = new();

    public static void Run()
    {
        Console.WriteLine($"keeping a piece of 20 bytes: {AppendNanoseconds(isEscaped: false):F1} ns, with an escape "
            + $"{AppendNanoseconds(isEscaped: true):F1} ns, past the limit {AppendNanoseconds(isEscaped: false, limit: 100):F1} ns");
        foreach ((string encoding, string model) in new[] { ("o200k_base", "gpt-4o"), ("cl100k_base", "gpt-4") })
        {
            long before = GC.GetTotalMemory(forceFullCollection: true);
            long start = Stopwatch.GetTimestamp();
            Estimator.CountTokens(model, "word");
            double loaded = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            Console.WriteLine(
                $"{encoding}: loaded in {loaded:F0} ms, holds {(GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6:F0} MB");
            Console.WriteLine(
                $"  {"1 MiB of",-14}{"body: ms",10}{"KiB",8}{"error",9}{"   output: ms",13}{"KiB",8}{"   kept 64 KiB: ms",20}{"KiB",8}");
            foreach ((string name, Func<int, string> make) in HostileText.All)
            {
                string text = make(Size);
                byte[] body = Encoding.UTF8.GetBytes($$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]}""");
                var whole = new ModelOutput { Parts = [new OutputPart { Kind = OutputKind.Text, Text = text }], Characters = text.Length };
                (double ms, double kib, long tokens) = Measure(() => Estimator.EstimateInputTokens(ApiFormat.OpenAI, model, body));
                (double outputMs, double outputKib, _) = Measure(() => Estimator.EstimateOutput(ApiFormat.OpenAI, model, whole));
                (double keptMs, double keptKib, _) = Measure(() => EstimateStreamed(model, body, text));
                double exact = CountExactly(model, text);
                Console.WriteLine($"  {name,-14}{ms,10:F1}{kib,8:F0}{(tokens - exact) / exact,9:P1}{outputMs,13:F1}"
                    + $"{outputKib,8:F0}{keptMs,20:F1}{keptKib,8:F0}");
            }
        }
    }

    private static double AppendNanoseconds(bool isEscaped, int limit = 64 * 1024)
    {
        const int Pieces = 3000, Streams = 500;
        ReadOnlySpan<byte> piece = isEscaped ? "twenty \\n characters"u8[..20] : "twenty characters..."u8;
        double best = double.MaxValue;
        for (int round = 0; round < 2 * Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int stream = 0; stream < Streams; stream++)
            {
                var retained = new RetainedOutput(limit, null);
                for (int i = 0; i < Pieces; i++)
                {
                    retained.Append(OutputKind.Text, 0, piece, isEscaped);
                }

                retained.Release();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / (Pieces * Streams));
        }

        return best;
    }

    // As a stream's reader keeps it, in pieces of 24 bytes, and hands it over.
    private static long EstimateStreamed(string model, ReadOnlySpan<byte> body, string text)
    {
        int start = body.IndexOf("content\":\""u8) + 10;
        ReadOnlySpan<byte> utf8 = body[start..^4];
        var retained = new RetainedOutput(64 * 1024, null);
        for (int at = 0; at < utf8.Length; at += 24)
        {
            retained.Append(OutputKind.Text, 0, utf8.Slice(at, Math.Min(24, utf8.Length - at)), isEscaped: false);
        }

        ModelOutput output = retained.ToOutput("openai-chat", text.Length);
        retained.Release();
        return Estimator.EstimateOutput(ApiFormat.OpenAI, model, output);
    }

    // The tokenizer itself, over runs that are cut: uncut, it would take minutes.
    private static double CountExactly(string model, string text)
    {
        TokenEncoding encoding = Estimator.FindFamily(model).Encoding;
        double tokens = 0;
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            int length = Math.Min(TextCutter.NextPiece(rest), 4096);
            tokens += Tokenizers.Get(encoding).CountTokens(rest[..length]);
            rest = rest[length..];
        }

        return tokens;
    }

    private static (double Milliseconds, double KiB, long Tokens) Measure(Func<long> estimate)
    {
        double best = double.MaxValue, allocated = 0;
        long tokens = 0;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            tokens = estimate();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            allocated = Math.Max(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return (best, allocated / 1024, tokens);
    }
}
