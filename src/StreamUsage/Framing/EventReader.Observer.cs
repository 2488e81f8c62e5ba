using StreamUsage.Framing.Templates;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Framing;

// What parsers and templates report beside the state.
internal sealed partial class EventReader
{
    bool IOutputObserver.KeepsMessage => _capture?.Message is not null;

    void IOutputObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (_readsCountsOnly)
        {
            return;
        }

        _output.Add(kind, choiceIndex, utf8, Utf8Text.CountUtf16(utf8, isEscaped), isEscaped);
        if (kind != OutputKind.Citation)
        {
            _capture?.Message?.OnOutput(kind, choiceIndex, utf8, isEscaped);
        }
    }

    void IOutputObserver.OnMessage(ReadOnlySpan<byte> role, bool isNew)
    {
        if (isNew)
        {
            _output.Restart();
        }

        _capture?.Message?.OnMessage(role, isNew);
    }

    void IOutputObserver.OnBlock(OutputBlock block) => _capture?.Message?.OnBlock(block);

    void IOutputObserver.OnField(BlockField field, int choiceIndex, ReadOnlySpan<byte> utf8, bool isEscaped) =>
        _capture?.Message?.OnField(field, choiceIndex, utf8, isEscaped);

    void IOutputObserver.OnReportedUsage(ReadOnlySpan<byte> utf8Json, bool isCumulative)
    {
        _hasUsage = true;
        (_usageJson ??= new ReportedUsageJson(settings.Budget)).Add(utf8Json, isCumulative);
    }

    void IOutputObserver.OnIgnoredCount(ReadOnlySpan<byte> name) => IgnoredCounts++;

    void IOutputObserver.OnUnknownUsageField(ReadOnlySpan<byte> name) => _unknownFields.Add(name);

    void ITemplateObserver.OnOutput(OutputKind kind, int choiceIndex, ReadOnlySpan<byte> bytes, StringScan text) =>
        _output.AddInside(kind, choiceIndex, bytes, text.Length, text.Utf16Length, text.IsEscaped);

    void ITemplateObserver.OnCountedOutput(OutputKind kind, StringScan text) => _output.AddCounted(kind, text.Utf16Length);
}
