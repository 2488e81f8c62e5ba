namespace StreamUsage.Accounting;

/// <summary>Represents the last output count of each choice, for servers that count every choice in its own chunks
/// (vLLM's <c>continuous_usage_stats</c> with <c>n</c> above 1). The answer's output is their sum, until a chunk of no
/// or several choices reports the total. Immutable.</summary>
internal sealed class ChoiceOutputs : IEquatable<ChoiceOutputs>
{
    private const int MaxChoices = 64;

    private readonly long[] _counts;
    private readonly bool _isPerChoice;

    private ChoiceOutputs(long[] counts, bool isPerChoice)
    {
        _counts = counts;
        _isPerChoice = isPerChoice;
    }

    public bool Equals(ChoiceOutputs? other) =>
        other is not null && _isPerChoice == other._isPerChoice && _counts.AsSpan().SequenceEqual(other._counts);

    public override bool Equals(object? obj) => Equals(obj as ChoiceOutputs);

    public override int GetHashCode() => HashCode.Combine(_isPerChoice, _counts.Length);

    /// <summary>Gets the output of all choices; null if the counts may be those of the whole answer.</summary>
    public long? Sum => _isPerChoice ? _counts.Sum() : null;

    /// <summary>Returns the counts of the first choice while it is the only one.</summary>
    public static ChoiceOutputs OfFirst(long output) => new([output], isPerChoice: false);

    /// <summary>Returns the counts after a chunk of one choice. A whole answer's count grows with every chunk, so a
    /// count that does not exceed another choice's is the choice's own.</summary>
    /// <param name="choice">The chunk's choice; those from the 64th on are not told apart.</param>
    /// <param name="output">The chunk's output count.</param>
    /// <param name="isOwn">Whether the count stands in the choice, so that it is the choice's own.</param>
    public ChoiceOutputs With(long choice, long output, bool isOwn = false)
    {
        int index = (int)Math.Clamp(choice, 0, MaxChoices - 1);
        bool isPerChoice = _isPerChoice || isOwn;
        if (index < _counts.Length && _counts[index] == output && isPerChoice == _isPerChoice)
        {
            return this;
        }

        long[] counts = new long[Math.Max(_counts.Length, index + 1)];
        _counts.CopyTo(counts, 0);
        counts[index] = output;
        for (int other = 0; other < counts.Length; other++)
        {
            isPerChoice |= other != index && output <= counts[other];
        }

        return new ChoiceOutputs(counts, isPerChoice);
    }
}
