using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>The shapes that a stream has shown, the last one seen first. Few at a time: a stream writes text, or reasons, or calls a tool.</summary>
internal sealed class EventShapes
{
    private const int MaxShapes = 3;
    private const int MaxUnused = 16;

    private readonly EventShape?[] _shapes = new EventShape?[MaxShapes];
    private long _matches;
    private long _learned;

    /// <summary>Whether learning has paid so far: a stream whose events are all different is left to the full parser.</summary>
    public bool IsLearning => _learned < MaxUnused + (_matches / MaxUnused);

    public ShapeMatch Match(ReadOnlySpan<byte> bytes, int maxDataLength, IShapeObserver output, out int length)
    {
        length = 0;
        ShapeMatch best = _shapes[0]?.Match(bytes, maxDataLength, output, out length) ?? ShapeMatch.None;
        if (best == ShapeMatch.Whole)
        {
            _matches++;
            return best;
        }

        return MatchOthers(best, bytes, maxDataLength, output, out length);
    }

    private ShapeMatch MatchOthers(ShapeMatch best, ReadOnlySpan<byte> bytes, int maxDataLength, IShapeObserver output, out int length)
    {
        for (int i = 1; i < _shapes.Length && _shapes[i] is { } shape; i++)
        {
            ShapeMatch match = shape.Match(bytes, maxDataLength, output, out length);
            if (match == ShapeMatch.Whole)
            {
                _matches++;
                MoveToFront(i);
                return match;
            }

            best = match == ShapeMatch.Cut ? match : best;
        }

        length = 0;
        return best;
    }

    public void Learn(ReadOnlySpan<byte> raw, int dataStart, WireEvent wireEvent, IUsageParser parser, in UsageAccumulator state)
    {
        _learned++;
        if (ShapeLearner.Learn(raw, dataStart, wireEvent, parser, state) is { } shape)
        {
            _shapes[^1] = shape;
            MoveToFront(_shapes.Length - 1);
        }
    }

    /// <summary>The state has changed: what was learned may not hold any more.</summary>
    public void Forget() => Array.Clear(_shapes);

    private void MoveToFront(int index)
    {
        EventShape? shape = _shapes[index];
        Array.Copy(_shapes, 0, _shapes, 1, index);
        _shapes[0] = shape;
    }
}
