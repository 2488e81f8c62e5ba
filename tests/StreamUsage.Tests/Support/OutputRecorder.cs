using System.Text;
using System.Text.Json;
using StreamUsage.Parsing;

namespace StreamUsage.Tests.Support;

/// <summary>Keeps what a parser tells beside the state. Text is kept as <c>kind choice:text</c>, its escapes
/// resolved.</summary>
internal sealed class OutputRecorder : IOutputObserver
{
    public List<string> Output { get; } = [];

    public List<string> UsageJson { get; } = [];

    public List<string> IgnoredCounts { get; } = [];

    void IOutputObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        string text = Encoding.UTF8.GetString(utf8);
        Output.Add($"{kind} {choiceIndex}:{(isEscaped ? JsonSerializer.Deserialize<string>($"\"{text}\"") : text)}");
    }

    void IOutputObserver.OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative) =>
        UsageJson.Add(Encoding.UTF8.GetString(utf8Json));

    void IOutputObserver.OnIgnoredCount(ReadOnlySpan<byte> name) => IgnoredCounts.Add(Encoding.UTF8.GetString(name));
}
