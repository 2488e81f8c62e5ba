namespace StreamUsage.Accounting;

/// <summary>Represents token counts by modality, summed over the lists of one usage object. Documents count as
/// images.</summary>
internal readonly record struct ModalityCounts
{
    public long? Audio { get; private init; }

    public long? Image { get; private init; }

    public long? Video { get; private init; }

    /// <summary>Gets the tokens of all modalities; null if none was listed.</summary>
    public long? Sum { get; private init; }

    public ModalityCounts With(ReadOnlySpan<byte> modality, long tokens)
    {
        ModalityCounts counts = this with { Sum = (Sum ?? 0) + tokens };
        return System.Text.Ascii.EqualsIgnoreCase(modality, "AUDIO"u8) ? counts with { Audio = (Audio ?? 0) + tokens }
            : System.Text.Ascii.EqualsIgnoreCase(modality, "IMAGE"u8) || System.Text.Ascii.EqualsIgnoreCase(modality, "DOCUMENT"u8)
                ? counts with { Image = (Image ?? 0) + tokens }
            : System.Text.Ascii.EqualsIgnoreCase(modality, "VIDEO"u8) ? counts with { Video = (Video ?? 0) + tokens }
            : counts;
    }
}
