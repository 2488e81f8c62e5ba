using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StreamUsage.Soak.Scripts;

/// <summary>Writes server-sent events, and marks from which byte on each of them counts: where its data is whole,
/// because a whole last event counts without its blank line.</summary>
internal sealed class ScriptWriter(Random random)
{
    private static readonly string[] Pieces =
        ["the", " stream", " of", " tokens", " naïve", " café", "—", " 漢字", "カナ", " 😀", "\n\n", "\t", " \"quoted\"", @" C:\path", "{", "}",
            "data: x", " & <b>", " é", "1,234.5"];

    private readonly List<byte> _body = [];
    private readonly List<(int Offset, Known Known)> _marks = [];
    private readonly string _lineEnd = random.Next(8) == 0 ? "\r\n" : "\n";
    private readonly JavaScriptEncoder _encoder =
        random.Next(3) == 0 ? JavaScriptEncoder.Default : JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public Known Known { get; private set; } = Known.Nothing;

    public void Write(string? type, string data, Func<Known, Known>? change = null)
    {
        if (type is not null)
        {
            Append($"event: {type}{_lineEnd}");
        }

        Append("data: " + data);
        Known = (change?.Invoke(Known) ?? Known) with { Events = Known.Events + 1 };
        _marks.Add((_body.Count, Known));
        Append(_lineEnd + _lineEnd);
    }

    public void WriteComment() => Append($": keep-alive{_lineEnd}{_lineEnd}");

    public void WriteOutput(string? type, string before, string text, string after) => Write(
        type,
        before + Quote(text) + after,
        known => known with { Characters = known.Characters + text.Length, HasOutput = known.HasOutput || text.Length > 0 });

    /// <summary>A piece of text as a model sends it; one in some hundreds is large.</summary>
    public string NextText()
    {
        int pieces = random.Next(600) == 0 ? random.Next(5_000, 20_000) : random.Next(1, 6);
        var text = new StringBuilder();
        for (int i = 0; i < pieces; i++)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }

        return text.ToString();
    }

    public string Quote(string text) => $"\"{JsonEncodedText.Encode(text, _encoder)}\"";

    public Script ToScript(string protocol, ApiFormat format) => new([.. _body], protocol, format, _marks);

    private void Append(string text) => _body.AddRange(Encoding.UTF8.GetBytes(text));
}
