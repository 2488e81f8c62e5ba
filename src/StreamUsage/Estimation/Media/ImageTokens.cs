using StreamUsage.Estimation.Families;

namespace StreamUsage.Estimation.Media;

/// <summary>Counts an image's tokens by a family's rule.</summary>
internal static class ImageTokens
{
    /// <summary>Returns the tokens. Without a size (low detail), tiles count only the base. Patches and pixels, which
    /// have no base, count an image of 512 × 512.</summary>
    public static double Count(ImageRule rule, int width, int height)
    {
        bool isSmall = width <= 0 || height <= 0;
        (double w, double h) = isSmall ? (512, 512) : ((double)width, height);
        return rule.Unit switch
        {
            ImageUnit.Pixels => rule.Base + (Math.Min(FitPixels(w, h), 1_200_000) * rule.PerUnit),
            ImageUnit.Tiles when isSmall => rule.Base,
            ImageUnit.Tiles => rule.Base + (Tiles(w, h) * rule.PerUnit),
            ImageUnit.Patches => rule.Base + (Math.Min(Math.Ceiling(w / 32) * Math.Ceiling(h / 32), 1536) * rule.PerUnit),
            _ => rule.Base + ((Math.Max(w, h) <= 384 ? 1 : Math.Ceiling(w / 768) * Math.Ceiling(h / 768)) * rule.PerUnit),
        };
    }

    private static double FitPixels(double w, double h)
    {
        double scale = Math.Min(1, 1568 / Math.Max(w, h));
        return w * scale * (h * scale);
    }

    private static double Tiles(double w, double h)
    {
        double scale = Math.Min(1, 2048 / Math.Max(w, h));
        scale *= Math.Min(1, 768 / (Math.Min(w, h) * scale));
        return Math.Ceiling(w * scale / 512) * Math.Ceiling(h * scale / 512);
    }
}
