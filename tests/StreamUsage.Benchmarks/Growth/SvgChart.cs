using System.Globalization;
using System.Security;
using System.Text;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>Panels side by side as SVG: a log x axis, a y axis from 0, a label at the end of each line. No background,
/// and colours that are read on white and on black.</summary>
internal sealed class SvgChart(string description, IReadOnlyList<ChartPanel> panels)
{
    private const int PanelWidth = 470, Height = 330, Left = 44, Right = 170, Top = 40, Bottom = 56, LabelHeight = 15;
    private const string TextColor = "#7b848e", GridColor = "#8b949e";

    private readonly StringBuilder _svg = new();
    private double _step, _highest;

    public string Draw()
    {
        int width = PanelWidth * panels.Count;
        Line($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {Height}" width="{width}" height="{Height}" role="img"
              font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12" fill="{TextColor}">
            """);
        Line($"<title>{SecurityElement.Escape(description)}</title>");
        for (int i = 0; i < panels.Count; i++)
        {
            Line($"""<g transform="translate({i * PanelWidth} 0)">""");
            Draw(panels[i]);
            Line($"</g>");
        }

        Line($"</svg>");
        return _svg.ToString();
    }

    // A million written out is wider than what lies between two places.
    private static string Short(int count) => count switch
    {
        >= 1_000_000 => $"{count / 1_000_000}M",
        >= 1_000 => $"{count / 1_000}k",
        _ => $"{count}",
    };

    private static double X(int place, int places) => Left + ((PanelWidth - Left - Right) * place / (places - 1.0));

    private static double Step(double highest) =>
        new[] { 1.0, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000 }.FirstOrDefault(step => highest / step <= 6, highest / 5);

    private double Y(double value) => Height - Bottom - ((Height - Top - Bottom) * value / _highest);

    private void Draw(ChartPanel panel)
    {
        double highest = panel.Series.SelectMany(static series => series.Values).Max();
        _step = Step(highest);
        _highest = _step * Math.Ceiling(highest / _step);
        Line($"""<text x="12" y="20" font-size="14" font-weight="600">{SecurityElement.Escape(panel.Title)}</text>""");
        int right = PanelWidth - Right;
        for (double value = 0; value <= _highest; value += _step)
        {
            Line($"""
                <line x1="{Left}" y1="{Y(value):F1}" x2="{right}" y2="{Y(value):F1}"
                  stroke="{GridColor}" stroke-opacity="{(value == 0 ? 0.9 : 0.25)}"/>
                """);
            Line($"""<text x="{Left - 8}" y="{Y(value) + 4:F1}" text-anchor="end">{value:0.#}</text>""");
        }

        for (int i = 0; i < panel.Places.Count; i++)
        {
            double x = X(i, panel.Places.Count);
            Line($"""<text x="{x:F1}" y="{Height - Bottom + 18}" text-anchor="middle">{Short(panel.Places[i])}</text>""");
        }

        Line($"""<text x="{Left}" y="{Height - 12}">{SecurityElement.Escape(panel.Axis)}</text>""");
        foreach (ChartSeries series in panel.Series)
        {
            Draw(series, panel.Places.Count);
        }

        DrawLabels(panel);
    }

    private void Draw(ChartSeries series, int places)
    {
        string points = string.Join(
            ' ', series.Values.Select((value, i) => string.Create(CultureInfo.InvariantCulture, $"{X(i, places):F1},{Y(value):F1}")));
        string stroke = series.IsDashed ? "stroke-width=\"1.5\" stroke-dasharray=\"2 4\"" : "stroke-width=\"2\"";
        Line($"""
            <polyline points="{points}" fill="none" stroke="{series.Color}" stroke-linejoin="round" stroke-linecap="round" {stroke}/>
            """);
        for (int i = 0; i < places && !series.IsDashed; i++)
        {
            Line($"""<circle cx="{X(i, places):F1}" cy="{Y(series.Values[i]):F1}" r="3" fill="{series.Color}"/>""");
        }
    }

    // Each at the height of its line's end, or as little below the label above it as leaves both readable; all of them
    // up again where they would leave the panel.
    private void DrawLabels(ChartPanel panel)
    {
        ChartSeries[] labelled =
            [.. panel.Series.Where(static series => series.Label is not null).OrderByDescending(static series => series.Values[^1])];
        double[] heights = [.. labelled.Select(series => Y(series.Values[^1]))];
        for (int i = 1; i < heights.Length; i++)
        {
            heights[i] = Math.Max(heights[i], heights[i - 1] + LabelHeight);
        }

        double lowest = Height - Bottom - 4;
        for (int i = heights.Length - 1; i >= 0 && heights[i] > lowest; i--)
        {
            heights[i] = lowest;
            lowest -= LabelHeight;
        }

        for (int i = 0; i < labelled.Length; i++)
        {
            string? label = SecurityElement.Escape(labelled[i].Label);
            Line($"""<text x="{PanelWidth - Right + 10}" y="{heights[i] + 4:F1}" fill="{labelled[i].Color}">{label}</text>""");
        }
    }

    private void Line(FormattableString text) => _svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
